{{ config(materialized='view') }}

-- Only rows whose test code an instrument knows: other questionnaires have no total here.
with items as (

    select * from {{ ref('stg_landed__score_items') }}

),

codes as (

    select * from {{ source('study', 'instrument_codes') }}

),

coded as (

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
        codes.is_scored,
        codes.factor,
        codes.addend,
        codes.points_possible,
        case
            when items.qsstresn is null and codes.is_yes_no
                then case items.qsorres when 'Y' then 1 when 'N' then 0 end
            else items.qsstresn
        end as collected
    from items
    inner join codes
        on items.qstestcd = codes.qstestcd

),

final as (

    select
        *,
        {{ points('collected') }} as score
    from coded

)

select * from final
