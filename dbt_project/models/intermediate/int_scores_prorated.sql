{{ config(materialized='view') }}

-- What the items of an assessment make, as far as the rules of its instrument allow one to be missing.
with sums as (

    select * from {{ ref('int_scores_summed') }}

),

rules as (

    select * from {{ source('study', 'instrument_rules') }}

),

judged as (

    select
        sums.*,
        rules.param,
        rules.items_expected,
        rules.components_expected,
        rules.points_possible,
        rules.prorate,
        rules.prorated_decimals,
        rules.items_expected - sums.items_answered as items_missing,
        sums.items_answered > 0
        and sums.items_answered >= rules.items_expected - rules.items_missing_allowed as is_answered
    from sums
    left join rules
        on sums.paramcd = rules.paramcd

),

final as (

    select
        *,
        -- A missing item is never counted as zero, unless a protocol says so.
        case
            when not is_answered then null
            when items_missing = 0 or prorate = 'none' then cast(item_sum as double)
            when prorate = 'items'
                then {{ prorated('item_sum', 'components_expected', 'components_answered', 'prorated_decimals') }}
            else {{ prorated('item_sum', 'points_possible', 'points_answered', 'prorated_decimals') }}
        end as items_total
    from judged

)

select * from final
