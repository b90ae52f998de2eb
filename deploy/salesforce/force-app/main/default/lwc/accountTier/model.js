// What the company's model says for all accounts. Written by Tierline; do not edit.
export const MODEL = {
  "tiers": [
    {
      "key": "platinum",
      "label": "Platinum"
    },
    {
      "key": "gold",
      "label": "Gold"
    },
    {
      "key": "silver",
      "label": "Silver"
    },
    {
      "key": "bronze",
      "label": "Bronze"
    }
  ],
  "axes": [
    {
      "label": "Value",
      "classes": [
        "low",
        "high"
      ]
    },
    {
      "label": "Cost to serve",
      "classes": [
        "low",
        "high"
      ]
    }
  ],
  "cells": [
    [
      "silver",
      "bronze"
    ],
    [
      "platinum",
      "gold"
    ]
  ],
  "playbook": {},
  "profiles": [
    {
      "key": "uptime_first",
      "label": "Uptime first",
      "description": "Standstill is what hurts. Pays for availability, spare parts on site and fast people.",
      "proposition": "Availability that is promised and measured, with spare parts where they run.",
      "do": [
        "Ask what an hour of standstill costs",
        "Bring service into the first talk"
      ],
      "dont": [
        "Open with the price of the part"
      ],
      "drivers": [
        "Service availability",
        "Delivery speed",
        "Predictability"
      ]
    },
    {
      "key": "lowest_lifetime_cost",
      "label": "Lowest lifetime cost",
      "description": "Calculates over the years. Pays for efficiency, long intervals and predictable service cost.",
      "proposition": "The lowest cost over the life of the plant, shown on their own figures.",
      "do": [
        "Calculate over the years",
        "Offer service at a fixed yearly price"
      ],
      "dont": [
        "Compare purchase prices alone"
      ],
      "drivers": [
        "Technical excellence",
        "Predictability",
        "Price"
      ]
    },
    {
      "key": "growth_partner",
      "label": "Growth partner",
      "description": "Sells on what we make. Wants margin, delivery speed and joint work on new business.",
      "proposition": "Products that sell, short delivery times and leads that we share.",
      "do": [
        "Plan the year together",
        "Say early what will be short"
      ],
      "dont": [
        "Sell past them to their customers"
      ],
      "drivers": [
        "Delivery speed",
        "Price",
        "Reputation"
      ]
    },
    {
      "key": "standard_supply",
      "label": "Standard supply",
      "description": "Needs the right part at a fair price with little effort on either side.",
      "proposition": "The right part with few clicks, at a price that needs no talk.",
      "do": [
        "Show the web shop",
        "Keep list prices simple"
      ],
      "dont": [
        "Visit without a reason"
      ],
      "drivers": [
        "Price",
        "Delivery speed",
        "Predictability"
      ]
    }
  ],
  "titles": {
    "segment": "Segment",
    "sub_segment": "Sub-segment",
    "value_profile": "Value profile"
  },
  "labels": {
    "segment": {
      "energy": "Energy",
      "manufacturing": "Manufacturing",
      "services": "Services"
    },
    "sub_segment": {
      "power_producers": "Power producers",
      "utilities": "Utilities",
      "oil_gas": "Oil & gas",
      "process_industry": "Process industry",
      "food_beverage": "Food & beverage",
      "discrete_manufacturing": "Discrete manufacturing",
      "marine_logistics": "Marine & logistics",
      "construction_facility": "Construction & facility services"
    },
    "value_profile": {
      "uptime_first": "Uptime first",
      "lowest_lifetime_cost": "Lowest lifetime cost",
      "growth_partner": "Growth partner",
      "standard_supply": "Standard supply"
    }
  },
  "requests": [
    {
      "value": "confirm",
      "label": "Tier is right"
    },
    {
      "value": "dispute",
      "label": "Tier is wrong"
    },
    {
      "value": "override",
      "label": "Needs another tier"
    },
    {
      "value": "confirm_segment",
      "label": "Segment is right"
    },
    {
      "value": "confirm_sub_segment",
      "label": "Sub-segment is right"
    },
    {
      "value": "confirm_value_profile",
      "label": "Value profile is right"
    },
    {
      "value": "withdraw",
      "label": "Take it back"
    }
  ],
  "reasons": [
    {
      "value": "strategic",
      "label": "Strategic customer"
    },
    {
      "value": "contract",
      "label": "New contract signed"
    },
    {
      "value": "ramp_up",
      "label": "Ramping up"
    },
    {
      "value": "data",
      "label": "Not yet in the data"
    },
    {
      "value": "relationship",
      "label": "Relationship at risk"
    }
  ],
  "freshDays": 69
};
