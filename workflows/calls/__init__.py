"""Tool calls inside a run: policy, approval, and writes that happen exactly once."""
