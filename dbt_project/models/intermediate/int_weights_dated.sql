-- Body weight and the days for which it is the last one known.
with vital_signs as (

    select * from {{ ref('stg_landed__vital_signs') }}

),

-- One a day: the last row delivered.
daily as (

    select
        usubjid,
        adt,
        vsstresn as weight_kg,
        row_number() over (
            partition by usubjid, adt
            order by vsdtc desc, delivery_rank desc, srcseq desc, record desc
        ) as candidate
    from vital_signs
    where
        vstestcd = 'WEIGHT'
        and vsstresn is not null
        and adt is not null
        and coalesce(vsstresu, 'kg') = 'kg'

),

final as (

    select
        usubjid,
        weight_kg,
        adt as valid_from,
        lead(adt) over (partition by usubjid order by adt) as valid_until
    from daily
    where candidate = 1

)

select * from final
