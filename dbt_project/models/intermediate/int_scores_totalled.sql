with sums as (

    select * from {{ ref('int_scores_summed') }}

),

instruments as (

    select * from {{ ref('instruments') }}

),

uses as (

    select * from {{ source('study', 'instruments_used') }}

),

judged as (

    select
        sums.*,
        instruments.param,
        instruments.items_expected,
        -- All items or none: a missing item is never counted as zero.
        case when sums.items_answered = instruments.items_expected then sums.item_sum end as complete_item_sum,
        coalesce(uses.analysed_total, 'items') as analysed_total
    from sums
    left join instruments
        on sums.paramcd = instruments.paramcd
    left join uses
        on sums.paramcd = uses.paramcd

),

chosen as (

    select
        *,
        case
            when analysed_total = 'collected' and collected_total is not null then 'collected'
            when complete_item_sum is not null then 'items'
            when collected_total is not null then 'collected'
        end as total_source
    from judged

),

final as (

    select
        usubjid,
        paramcd,
        param,
        visit,
        qsdtc,
        qstpt as atpt,
        qualifiers,
        arm,
        total_source,
        case
            when total_source is not null then null
            when rows_not_done > 0 then 'not done'
            when items_recorded > 0
                then (items_expected - items_answered) || ' of ' || items_expected || ' items missing'
            else 'total missing'
        end as missing_reason,
        period,
        {{ source_key_delivery('source_key') }} as delivery_rank,
        cast(items_answered as integer) as items_answered,
        items_expected,
        cast(source_rows as integer) as source_rows,
        {{ source_key_row('source_key') }} as srcseq,
        cast(item_sum as double) as item_sum,
        cast(collected_total as double) as collected_total,
        cast(case total_source when 'items' then complete_item_sum when 'collected' then collected_total end as double)
            as aval
    from chosen

)

select * from final
