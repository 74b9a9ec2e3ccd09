"""From stored results to answers: tables, statistics, pictures, and one page that tells them."""
