"""The node agent and its data planes. Empty until the cluster arrives."""
