"""What destinations in an account of AWS share: the account's entry in a file, the pace of looks, records in a bucket."""
