"""The readable engine: residents, co-producers, neighbourhoods and the office as Mesa agents over the columns."""

from sim.agents.coproducer import CoProducer
from sim.agents.election import elect_heads
from sim.agents.neighbourhood import Neighbourhood
from sim.agents.office import PTSPOffice
from sim.agents.resident import Resident

__all__ = ["CoProducer", "Neighbourhood", "PTSPOffice", "Resident", "elect_heads"]
