"""The readable engine: residents, co-producers, neighbourhoods and the office as Mesa agents over the columns."""

from keliling.sim.agents.coproducer import CoProducer
from keliling.sim.agents.election import elect_heads
from keliling.sim.agents.neighbourhood import Neighbourhood
from keliling.sim.agents.office import PTSPOffice
from keliling.sim.agents.resident import Resident

__all__ = ["CoProducer", "Neighbourhood", "PTSPOffice", "Resident", "elect_heads"]
