"""The order desk: a menu, orders, and the ORDER tool."""
