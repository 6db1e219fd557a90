"""Many answer sets at once: rows of CSV, JSON lines or Parquet in, a result for each of them out.

`plan` says what stands in which column, `source` cuts the input into chunks of whole rows, `work` turns a chunk
into rows of results, `target` makes them bytes, `parts` keeps what is finished, `conduct` puts it all together.
`shards` is about many files, `cluster` about many machines, `records` about rows of other programs.
"""
