with items as (

    select * from {{ ref('instrument_items') }}

),

instruments as (

    select * from {{ ref('instruments') }}

),

numbered as (

    select
        qstestcd,
        paramcd,
        false as is_total,
        row_number() over (partition by paramcd order by qstestcd) as code_number
    from items

),

totals as (

    select
        paramcd || 'TOT' as qstestcd,
        paramcd,
        true as is_total,
        0 as code_number
    from instruments

),

final as (

    select
        qstestcd,
        paramcd,
        is_total,
        -- One bit a code: an assessment's codes are counted without sorting its rows.
        cast(1 as bigint) << cast(code_number as integer) as code_bit
    from numbered
    union all
    select
        qstestcd,
        paramcd,
        is_total,
        cast(1 as bigint) << cast(code_number as integer) as code_bit
    from totals

)

select * from final
