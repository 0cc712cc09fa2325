{{ config(materialized='view') }}

-- Only rows whose test code an instrument knows: other questionnaires have no total here.
with items as (

    select * from {{ ref('stg_landed__score_items') }}

),

codes as (

    select * from {{ source('study', 'instrument_codes') }}

),

final as (

    select
        items.usubjid,
        codes.paramcd,
        codes.item_testcd as qstestcd,
        items.qsstat,
        items.visit,
        items.qsdtc,
        items.qstpt,
        items.qualifiers,
        items.arm,
        items.period,
        items.delivery_rank,
        items.source_row,
        items.record,
        codes.code_bit,
        codes.answer_bit,
        codes.component_bit,
        codes.highest_group,
        codes.is_total,
        codes.is_derived,
        {{ points('items.qsstresn', 'codes') }} as score,
        items.qsstresn as collected,
        codes.points_possible
    from items
    inner join codes
        on items.qstestcd = codes.qstestcd

)

select * from final
