"""Drafts of claims from what people published: tables, sentences, model cards; nothing here decides anything."""
