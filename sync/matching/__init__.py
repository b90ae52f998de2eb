"""Companies that stand in two CRMs of a portfolio: found, decided, and kept in agreement."""
