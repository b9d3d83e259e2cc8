"""Tags of templates: what a page of the admin shows besides what Django gives it."""
