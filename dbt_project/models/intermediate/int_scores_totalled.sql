with totals as (

    select * from {{ ref('int_scores_prorated') }}

),

uses as (

    select * from {{ source('study', 'instruments_used') }}

),

bands as (

    select * from {{ source('study', 'instrument_bands') }}

),

judged as (

    select
        totals.*,
        coalesce(uses.analysed_total, 'items') as analysed_total
    from totals
    left join uses
        on totals.paramcd = uses.paramcd

),

chosen as (

    select
        *,
        case
            when analysed_total = 'collected' and collected_total is not null then 'collected'
            when items_total is not null then 'items'
            when collected_total is not null then 'collected'
        end as total_source
    from judged

),

valued as (

    select
        *,
        total_source = 'items' and items_missing > 0 as is_incomplete,
        items_missing || ' of ' || items_expected || ' items missing' as items_missing_text,
        case total_source
            when 'items' then items_total when 'collected' then cast(collected_total as double)
        end as aval
    from chosen

),

final as (

    select
        valued.usubjid,
        valued.paramcd,
        valued.param,
        valued.visit,
        valued.qsdtc,
        valued.qstpt as atpt,
        valued.qualifiers,
        valued.arm,
        bands.band as avalcat1,
        case when valued.is_incomplete and valued.prorate <> 'none' then 'PRORATED' end as dtype,
        valued.total_source,
        case
            when valued.is_incomplete and valued.prorate <> 'none' then valued.items_missing_text || ', prorated'
            when valued.is_incomplete then valued.items_missing_text || ', not counted'
            when valued.total_source is not null then null
            when valued.rows_not_done > 0 then 'not done'
            when valued.items_recorded > 0 then valued.items_missing_text
            else 'total missing'
        end as missing_reason,
        valued.period,
        {{ source_key_delivery('valued.source_key') }} as delivery_rank,
        cast(valued.items_answered as integer) as items_answered,
        valued.items_expected,
        cast(valued.source_rows as integer) as source_rows,
        {{ source_key_row('valued.source_key') }} as srcseq,
        cast(valued.item_sum as double) as item_sum,
        cast(valued.collected_total as double) as collected_total,
        valued.aval
    from valued
    left join bands
        on
            valued.paramcd = bands.paramcd
            and valued.aval >= bands.band_from
            and (valued.aval < bands.band_below or bands.band_below is null)

)

select * from final
