"""What a tool is: the Tool class, its decorators and its argument schema."""
