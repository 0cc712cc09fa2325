{{ config(materialized='view') }}

-- Only rows whose test code the instrument catalogue knows: other questionnaires have no total here.
with items as (

    select * from {{ ref('stg_landed__score_items') }}

),

codes as (

    select * from {{ ref('int_test_codes_numbered') }}

),

final as (

    select
        items.usubjid,
        codes.paramcd,
        items.qstestcd,
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
        codes.is_total,
        cast(items.qsstresn as decimal(18, 4)) as score
    from items
    inner join codes
        on items.qstestcd = codes.qstestcd

)

select * from final
