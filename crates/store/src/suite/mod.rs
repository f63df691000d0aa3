//! The contract suite: every promise of [`Store`](crate::Store), as tests for every store.
//!
//! A store runs it with one line, `provost_store::contract_suite!(open)`, where `open` is an
//! expression of type `fn(Arc<Schemas>, Arc<Indexes>) -> Opened`. Each case has a store of its own
//! and runs beside a second tenant that holds the same ids; afterwards that tenant is as it was.

mod audit;
mod case;
mod concurrent;
mod ground;
mod random;

pub use audit::*;
pub use case::*;
pub use concurrent::*;
pub use ground::{Ground, Opened, run};
pub use random::{compare, sequences};

/// Expands to one test for each case of the suite.
#[macro_export]
macro_rules! contract_suite {
    ($open:expr) => {
        $crate::contract_suite! { @cases $open,
            a_created_resource_is_read_back
            a_create_is_safe_to_repeat
            a_change_counts_rev_and_version
            a_change_from_a_stale_rev_is_refused
            a_version_grows_even_if_the_clock_stands
            a_unique_value_is_taken_once
            a_unique_value_is_free_after_rename_and_delete
            a_refused_write_leaves_no_trace
            if_match_is_decided_in_the_transaction
            a_rehearsal_answers_and_leaves_no_trace
            members_come_and_go_and_bump_the_version_only
            an_ineffective_member_change_writes_nothing
            an_unknown_member_is_refused_whole
            a_group_cannot_hold_itself
            groups_are_found_through_groups
            a_deleted_member_leaves_its_groups_with_events
            a_deleted_group_leaves_its_members
            pages_are_ordered_and_count_all
            filters_are_answered_as_the_evaluator_says
            a_page_of_large_resources_ends_early
            too_broad_a_query_is_refused
            labels_name_what_exists
            events_are_gapless_and_replay_to_the_same
            secrets_change_with_their_resource_and_show_nowhere
            the_last_removal_is_known_by_version
            documents_swap_by_rev
            each_event_has_its_row_in_the_audit_trail
            rows_go_with_what_they_tell_of
            the_audit_trail_is_read_in_pages_and_by_what_was_asked
            a_page_of_the_audit_trail_is_bounded
            the_audit_trail_is_purged_from_its_start
            no_more_resources_come_than_may_be
            memberships_come_back_in_whatever_order
            what_is_deleted_can_come_back
            a_group_comes_back_without_closing_a_circle
            the_trash_is_purged_in_time
            tenants_are_found_by_name
            a_kind_is_part_of_the_address
            a_dropped_write_is_done_once
            parallel_member_changes_lose_nothing
            parallel_creates_of_one_name_have_one_winner
        }
    };
    (@cases $open:expr, $($case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::suite::run($open, async |ground| $crate::suite::$case(ground).await).await;
            }
        )*
    };
}
