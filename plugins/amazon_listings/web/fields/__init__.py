"""The page of a connector's fields: the list, a field's form, versions, what Amazon changed."""
