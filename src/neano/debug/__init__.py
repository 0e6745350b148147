"""Looking at graphs and running functions: printing, run-time guards, cross-checks, profiles."""
