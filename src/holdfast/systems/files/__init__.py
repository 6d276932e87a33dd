"""Files and folders of this machine, kept in the vault by their contents; the source is read and never changed."""
