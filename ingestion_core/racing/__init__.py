"""The nouns of motorsport: types, kinds, names, slugs, numbering. Imports nothing of ours."""
