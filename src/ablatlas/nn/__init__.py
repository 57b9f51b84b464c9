"""Parts: one innovation a module, its absence an object beside it. A part's word in a study is its name here."""
