"""The backtest: a fleet of simulated replicas, a virtual clock, and every policy worth beating behind one `step` call."""
