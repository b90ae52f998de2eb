import { useCrmProperties } from "@hubspot/ui-extensions/crm";

// Our properties of companies by role, which of them are days, and what reads them: as held, and as shown. Written by Tierline; do not edit.
export const PROPERTIES: Record<string, string> = {
  "segment": "tierline_segment",
  "segment_source": "tierline_segment_source",
  "segment_date": "tierline_segment_date",
  "sub_segment": "tierline_sub_segment",
  "sub_segment_source": "tierline_sub_segment_source",
  "sub_segment_date": "tierline_sub_segment_date",
  "value_profile": "tierline_value_profile",
  "value_profile_source": "tierline_value_profile_source",
  "value_profile_date": "tierline_value_profile_date",
  "tier": "tierline_tier",
  "tier_since": "tierline_tier_since",
  "tier_reason": "tierline_tier_reason",
  "data_quality": "tierline_data_quality"
};
export const DAYS: string[] = [
  "tierline_segment_date",
  "tierline_sub_segment_date",
  "tierline_value_profile_date",
  "tierline_tier_since"
];

export const useHeld = () => useCrmProperties([
  "tierline_segment",
  "tierline_segment_source",
  "tierline_segment_date",
  "tierline_sub_segment",
  "tierline_sub_segment_source",
  "tierline_sub_segment_date",
  "tierline_value_profile",
  "tierline_value_profile_source",
  "tierline_value_profile_date",
  "tierline_tier",
  "tierline_tier_since",
  "tierline_tier_reason",
  "tierline_data_quality"
]);

export const useShown = () => useCrmProperties([
  "tierline_segment",
  "tierline_sub_segment",
  "tierline_value_profile",
  "tierline_tier"
], { propertiesToFormat: "all" });
