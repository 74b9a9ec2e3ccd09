"""What a study has done so far, read back from its journal and folder."""
