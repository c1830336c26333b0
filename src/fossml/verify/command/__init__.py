"""Verification of commands: any command in any folder, or those that a reader's claims file names."""
