"""Many answer sets at once: rows of CSV, JSON lines or Parquet in, a result for each of them out.

`plan` says what stands in which column, `source` cuts the input into chunks of whole rows, `work` turns a chunk
into the rows of the output, `target` writes them, `parts` keeps what is finished, `conduct` puts it all together.
"""
