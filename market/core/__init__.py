"""The words of pricefeed: pure values and rules. Standard library only, no Django, no loop, no clock."""
