-- Pages of the original that are the channels of the image, as a JSON list that begins with "page"; NULL: that page alone.
ALTER TABLE images ADD COLUMN channel_pages TEXT;
