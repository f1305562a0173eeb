"""What the resource chapter's claims read off their runs; a function bears its claim's name."""
