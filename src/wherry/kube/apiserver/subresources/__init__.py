"""What stands behind an object's name in a URL, besides ``status``: a file a subresource or a family of them."""
