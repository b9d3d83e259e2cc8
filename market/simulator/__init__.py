"""An exchange of our own that speaks Binance's wire protocol: seeded prices, recordings, faults."""

from market.simulator.faults import Faults
from market.simulator.recording import Recording
from market.simulator.simulator import Simulator
from market.simulator.watch import Terms

__all__ = ["Faults", "Recording", "Simulator", "Terms"]
