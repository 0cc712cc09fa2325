-- One pass over all item rows. Where a code occurs twice in an assessment (a later delivery restated it), and only
-- there, the rows are numbered and summed again. They are read twice, not held: a CTE that two others read is kept
-- whole, and of 10^7 item rows that is two gigabytes.
with items as (

    select * from {{ ref('int_score_items_coded') }}

),

items_read_again as (

    select * from {{ ref('int_score_items_coded') }}

),

assessments as (

    select
        {{ assessment_key() }},
        {{ score_totals() }}
    from items
    group by {{ assessment_key() }}

),

restated as (

    select {{ assessment_key() }}
    from assessments
    where source_rows > codes_recorded

),

restated_items as (

    select
        items.*,
        row_number() over (
            partition by {{ assessment_key('items') }}, items.qstestcd
            -- An item of the instrument itself goes before the one of another that would stand for it.
            order by items.is_derived asc, items.delivery_rank desc, items.source_row desc, items.record desc
        ) as restatement
    from items_read_again as items
    inner join restated
        on
            items.usubjid = restated.usubjid
            and items.paramcd = restated.paramcd
            and items.visit is not distinct from restated.visit
            and items.qsdtc is not distinct from restated.qsdtc
            and items.qstpt is not distinct from restated.qstpt
            and items.qualifiers is not distinct from restated.qualifiers
            and items.period is not distinct from restated.period
            and items.arm is not distinct from restated.arm

),

current_assessments as (

    select
        {{ assessment_key() }},
        {{ score_totals() }}
    from restated_items
    where restatement = 1
    group by {{ assessment_key() }}

),

final as (

    select * from assessments
    where source_rows = codes_recorded
    union all
    select * from current_assessments

)

select * from final
