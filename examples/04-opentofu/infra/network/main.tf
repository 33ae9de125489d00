# terraform_data is part of the program: no provider is fetched, and no cloud is called.

variable "range" {
  type = string
}

variable "zones" {
  type = list(string)
}

resource "terraform_data" "network" {
  input = var.range
}

resource "terraform_data" "subnet" {
  for_each = { for index, zone in var.zones : zone => cidrsubnet(var.range, 8, index) }
  input    = { network = terraform_data.network.output, range = each.value }
}

output "subnets" {
  value = { for zone, subnet in terraform_data.subnet : zone => subnet.output.range }
}
