"""Many answer sets at once: reading rows, rules as tables, writing results, counting them."""
