"""What has to hold between a sentence and the statement that it rests on: a list of plain functions, each with its problems."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .bond_checks import (
    check_days,
    check_duties,
    check_foreign,
    check_parts_of_figures,
    check_relations,
    check_synonyms,
)
from .carried import (
    check_announced,
    check_degrees,
    check_each,
    check_extremes,
    check_fractions,
    check_light_names,
    check_new_duty,
    check_not_all,
    check_only,
    check_part,
    check_universal,
)
from .claim_checks import check_bounds_of_things, check_clause, check_holders, check_nobody, check_object
from .counted_nouns import check_bare_numbers, check_measured_nouns
from .figure_checks import check_dates, check_figures, check_order, check_units
from .grant_checks import (
    check_between,
    check_grants,
    check_nearest_heading,
    check_new_groups,
    check_orders_first,
    check_otherwise,
    check_what_is_measured,
)
from .limit_checks import check_conditions, check_lists, check_modifiers
from .mark_checks import check_frames, check_negation, check_quantifiers
from .matching import Match
from .party_checks import (
    check_any,
    check_compared_things,
    check_dated_verbs,
    check_denied_bound,
    check_next_figure,
    check_only_whom,
    check_own_deeds,
    check_owned_idea,
    check_owning,
    check_passive_doer,
    check_payer,
    check_reductions,
    check_relative_subject,
    check_whose_figure,
)
from .price_checks import check_free
from .relation_checks import (
    check_attributes,
    check_converses,
    check_doer,
    check_doer_or_receiver,
    check_governors,
    check_other_people,
    check_people,
    check_predicate,
    check_prepositions,
    check_subject_of_figure,
    check_swaps,
)
from .role_checks import check_comparison, check_roles
from .scope_checks import check_kinds_of_things, check_scope
from .slot_checks import check_exchange
from .subject_checks import check_subject
from .time_checks import check_neighbours, check_tense
from .verdict import Problem
from .whole_checks import check_antecedent, check_barred_kinds, check_counted_things, check_exchanged_sides, check_joint_price
from .word_checks import check_share, check_words

Check = Callable[[Match], Iterator[Problem]]

CHECKS: tuple[Check, ...] = (
    check_figures,
    check_units,
    check_order,
    check_dates,
    check_words,
    check_share,
    check_exchange,
    check_subject,
    check_roles,
    check_negation,
    check_free,
    check_quantifiers,
    check_frames,
    check_conditions,
    check_modifiers,
    check_grants,
    check_new_groups,
    check_what_is_measured,
    check_between,
    check_otherwise,
    check_nearest_heading,
    check_orders_first,
    check_lists,
    check_comparison,
    check_tense,
    check_neighbours,
    check_days,
    check_duties,
    check_foreign,
    check_parts_of_figures,
    check_relations,
    check_synonyms,
    check_bounds_of_things,
    check_clause,
    check_object,
    check_nobody,
    check_holders,
    check_scope,
    check_kinds_of_things,
    check_predicate,
    check_degrees,
    check_governors,
    check_each,
    check_converses,
    check_only,
    check_part,
    check_light_names,
    check_fractions,
    check_prepositions,
    check_extremes,
    check_doer,
    check_people,
    check_other_people,
    check_universal,
    check_not_all,
    check_swaps,
    check_subject_of_figure,
    check_doer_or_receiver,
    check_attributes,
    check_new_duty,
    check_announced,
    check_own_deeds,
    check_payer,
    check_passive_doer,
    check_relative_subject,
    check_denied_bound,
    check_only_whom,
    check_owning,
    check_reductions,
    check_any,
    check_whose_figure,
    check_compared_things,
    check_next_figure,
    check_owned_idea,
    check_dated_verbs,
    check_barred_kinds,
    check_joint_price,
    check_exchanged_sides,
    check_antecedent,
    check_counted_things,
    check_bare_numbers,
    check_measured_nouns,
)
