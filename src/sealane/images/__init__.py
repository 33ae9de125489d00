"""Images: built or retagged under one deploy tag, pushed, and known by digest from then on."""
