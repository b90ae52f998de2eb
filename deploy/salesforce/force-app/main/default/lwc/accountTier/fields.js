// Our fields by role. Written by Tierline; do not edit.
export const ACCOUNT = {
  "segment": "Account.Tierline_Segment__c",
  "segment_source": "Account.Tierline_Segment_Source__c",
  "segment_date": "Account.Tierline_Segment_Date__c",
  "sub_segment": "Account.Tierline_Sub_Segment__c",
  "sub_segment_source": "Account.Tierline_Sub_Segment_Source__c",
  "sub_segment_date": "Account.Tierline_Sub_Segment_Date__c",
  "value_profile": "Account.Tierline_Value_Profile__c",
  "value_profile_source": "Account.Tierline_Value_Profile_Source__c",
  "value_profile_date": "Account.Tierline_Value_Profile_Date__c",
  "tier": "Account.Tierline_Tier__c",
  "tier_since": "Account.Tierline_Tier_Since__c",
  "tier_reason": "Account.Tierline_Tier_Reason__c",
  "data_quality": "Account.Tierline_Data_Quality__c"
};
export const DETAIL = {};
export const DETAIL_LIST = undefined;
