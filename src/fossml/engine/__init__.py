"""The compiler: which stages must run, why, and running them. graph and plan are pure; build drives the rest."""
