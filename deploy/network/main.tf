# The network layer of one deployment: what stands in the JSON files beside this one, for the zone and host that you name.
# docs/network.md says what each rule is for, and how to do the same with curl.
#
# Terraform takes each phase of the zone as a whole: if it has rules already, import them first and put them below these.

terraform {
  required_version = ">= 1.5"
  required_providers {
    cloudflare = {
      source  = "cloudflare/cloudflare"
      version = "~> 5.0"
    }
  }
}

variable "account_id" {
  type        = string
  description = "The account, which has the list of addresses."
}

variable "zone_id" {
  type        = string
  description = "The zone that the host's name is in."
}

variable "hostname" {
  type        = string
  description = "The host, as `routes` in wrangler.toml names it."
}

variable "admin_addresses" {
  type        = set(string)
  description = "Whence the platform is administered: IPv4 addresses or networks, IPv6 networks up to /64."
}

locals {
  example = "mcp.example.com"
  phases = {
    "custom-rules.json" = "http_request_firewall_custom"
    "rate-limits.json"  = "http_ratelimit"
    "config-rules.json" = "http_config_settings"
  }
  rulesets = {
    for file, phase in local.phases : phase => jsondecode(replace(file("${path.module}/${file}"), local.example, var.hostname))
  }
  settings = jsondecode(file("${path.module}/zone-settings.json"))
}

resource "cloudflare_list" "admins" {
  account_id  = var.account_id
  kind        = "ip"
  name        = "smcp_admins"
  description = "Whence the platform is administered."
}

resource "cloudflare_list_item" "admin" {
  for_each   = var.admin_addresses
  account_id = var.account_id
  list_id    = cloudflare_list.admins.id
  ip         = each.value
}

resource "cloudflare_ruleset" "phase" {
  for_each    = local.rulesets
  zone_id     = var.zone_id
  kind        = "zone"
  name        = "default"
  phase       = each.key
  description = each.value.description
  rules       = each.value.rules
  # A rule cannot name a list that is not there.
  depends_on = [cloudflare_list.admins]
}

resource "cloudflare_zone_setting" "setting" {
  for_each   = local.settings
  zone_id    = var.zone_id
  setting_id = each.key
  value      = each.value
}
