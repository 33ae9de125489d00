"""The rows of the table, one file each; every one offers `measure(here)`."""
