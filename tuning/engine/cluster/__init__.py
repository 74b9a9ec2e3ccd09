"""The Ray that a study runs on: started or joined, watched, left in order."""
