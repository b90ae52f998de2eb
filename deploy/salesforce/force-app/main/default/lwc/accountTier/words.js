// What the card says. Written by Tierline; do not edit.
import card_title from "@salesforce/label/c.Tierline_card_title";
import loading from "@salesforce/label/c.Tierline_loading";
import hidden_title from "@salesforce/label/c.Tierline_hidden_title";
import hidden_text from "@salesforce/label/c.Tierline_hidden_text";
import unscored_title from "@salesforce/label/c.Tierline_unscored_title";
import unscored_text from "@salesforce/label/c.Tierline_unscored_text";
import outside_title from "@salesforce/label/c.Tierline_outside_title";
import error_title from "@salesforce/label/c.Tierline_error_title";
import error_text from "@salesforce/label/c.Tierline_error_text";
import tier_since from "@salesforce/label/c.Tierline_tier_since";
import moved_by from "@salesforce/label/c.Tierline_moved_by";
import cause_behaviour from "@salesforce/label/c.Tierline_cause_behaviour";
import cause_data_correction from "@salesforce/label/c.Tierline_cause_data_correction";
import cause_rule_change from "@salesforce/label/c.Tierline_cause_rule_change";
import cause_override from "@salesforce/label/c.Tierline_cause_override";
import cause_merge from "@salesforce/label/c.Tierline_cause_merge";
import tier_rank from "@salesforce/label/c.Tierline_tier_rank";
import group_tier from "@salesforce/label/c.Tierline_group_tier";
import value_score from "@salesforce/label/c.Tierline_value_score";
import cost_to_serve from "@salesforce/label/c.Tierline_cost_to_serve";
import why from "@salesforce/label/c.Tierline_why";
import duties from "@salesforce/label/c.Tierline_duties";
import who from "@salesforce/label/c.Tierline_who";
import speaks_for from "@salesforce/label/c.Tierline_speaks_for";
import speaks_against from "@salesforce/label/c.Tierline_speaks_against";
import weight from "@salesforce/label/c.Tierline_weight";
import nearest from "@salesforce/label/c.Tierline_nearest";
import override from "@salesforce/label/c.Tierline_override";
import where from "@salesforce/label/c.Tierline_where";
import here from "@salesforce/label/c.Tierline_here";
import warnings from "@salesforce/label/c.Tierline_warnings";
import beside from "@salesforce/label/c.Tierline_beside";
import had_to_do_without from "@salesforce/label/c.Tierline_had_to_do_without";
import contact_every from "@salesforce/label/c.Tierline_contact_every";
import contact_daily from "@salesforce/label/c.Tierline_contact_daily";
import contacted_ago from "@salesforce/label/c.Tierline_contacted_ago";
import contacted_yesterday from "@salesforce/label/c.Tierline_contacted_yesterday";
import contacted_today from "@salesforce/label/c.Tierline_contacted_today";
import never_contacted from "@salesforce/label/c.Tierline_never_contacted";
import overdue from "@salesforce/label/c.Tierline_overdue";
import reply_within from "@salesforce/label/c.Tierline_reply_within";
import seniority from "@salesforce/label/c.Tierline_seniority";
import terms_days from "@salesforce/label/c.Tierline_terms_days";
import terms_in_advance from "@salesforce/label/c.Tierline_terms_in_advance";
import delivery from "@salesforce/label/c.Tierline_delivery";
import support from "@salesforce/label/c.Tierline_support";
import missing from "@salesforce/label/c.Tierline_missing";
import not_set from "@salesforce/label/c.Tierline_not_set";
import suggested from "@salesforce/label/c.Tierline_suggested";
import because from "@salesforce/label/c.Tierline_because";
import confirm from "@salesforce/label/c.Tierline_confirm";
import take from "@salesforce/label/c.Tierline_take";
import confirm_value from "@salesforce/label/c.Tierline_confirm_value";
import by_rule from "@salesforce/label/c.Tierline_by_rule";
import by_move from "@salesforce/label/c.Tierline_by_move";
import confirmed_by from "@salesforce/label/c.Tierline_confirmed_by";
import by_person from "@salesforce/label/c.Tierline_by_person";
import on_day from "@salesforce/label/c.Tierline_on_day";
import scored_on from "@salesforce/label/c.Tierline_scored_on";
import stale from "@salesforce/label/c.Tierline_stale";
import held from "@salesforce/label/c.Tierline_held";
import in_error from "@salesforce/label/c.Tierline_in_error";
import request_sent from "@salesforce/label/c.Tierline_request_sent";
import request_waiting from "@salesforce/label/c.Tierline_request_waiting";
import request_accepted from "@salesforce/label/c.Tierline_request_accepted";
import request_refused from "@salesforce/label/c.Tierline_request_refused";
import answer_to from "@salesforce/label/c.Tierline_answer_to";
import take_back from "@salesforce/label/c.Tierline_take_back";
import choose from "@salesforce/label/c.Tierline_choose";
import how_to_choose from "@salesforce/label/c.Tierline_how_to_choose";
import how_to_choose_text from "@salesforce/label/c.Tierline_how_to_choose_text";
import values_most from "@salesforce/label/c.Tierline_values_most";
import we_offer from "@salesforce/label/c.Tierline_we_offer";
import do_this from "@salesforce/label/c.Tierline_do_this";
import not_this from "@salesforce/label/c.Tierline_not_this";
import save from "@salesforce/label/c.Tierline_save";
import cancel from "@salesforce/label/c.Tierline_cancel";
import tier_is_right from "@salesforce/label/c.Tierline_tier_is_right";
import disagree from "@salesforce/label/c.Tierline_disagree";
import what_is_wrong from "@salesforce/label/c.Tierline_what_is_wrong";
import reason from "@salesforce/label/c.Tierline_reason";
import which_tier from "@salesforce/label/c.Tierline_which_tier";
import reason_needed from "@salesforce/label/c.Tierline_reason_needed";
import tier_needed from "@salesforce/label/c.Tierline_tier_needed";
import comment from "@salesforce/label/c.Tierline_comment";
import comment_needed from "@salesforce/label/c.Tierline_comment_needed";
import send from "@salesforce/label/c.Tierline_send";
import not_saved from "@salesforce/label/c.Tierline_not_saved";

export const WORDS = {
  card_title,
  loading,
  hidden_title,
  hidden_text,
  unscored_title,
  unscored_text,
  outside_title,
  error_title,
  error_text,
  tier_since,
  moved_by,
  cause_behaviour,
  cause_data_correction,
  cause_rule_change,
  cause_override,
  cause_merge,
  tier_rank,
  group_tier,
  value_score,
  cost_to_serve,
  why,
  duties,
  who,
  speaks_for,
  speaks_against,
  weight,
  nearest,
  override,
  where,
  here,
  warnings,
  beside,
  had_to_do_without,
  contact_every,
  contact_daily,
  contacted_ago,
  contacted_yesterday,
  contacted_today,
  never_contacted,
  overdue,
  reply_within,
  seniority,
  terms_days,
  terms_in_advance,
  delivery,
  support,
  missing,
  not_set,
  suggested,
  because,
  confirm,
  take,
  confirm_value,
  by_rule,
  by_move,
  confirmed_by,
  by_person,
  on_day,
  scored_on,
  stale,
  held,
  in_error,
  request_sent,
  request_waiting,
  request_accepted,
  request_refused,
  answer_to,
  take_back,
  choose,
  how_to_choose,
  how_to_choose_text,
  values_most,
  we_offer,
  do_this,
  not_this,
  save,
  cancel,
  tier_is_right,
  disagree,
  what_is_wrong,
  reason,
  which_tier,
  reason_needed,
  tier_needed,
  comment,
  comment_needed,
  send,
  not_saved
};
