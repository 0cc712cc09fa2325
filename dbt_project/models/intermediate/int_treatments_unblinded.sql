-- Whose treatment became known while the study was blinded: by a code break that was recorded here, or by a disposition
-- event TREATMENT UNBLINDED (CDISC) that was delivered. Never which treatment.
with code_breaks as (

    select * from {{ source('landed', 'code_breaks') }}

),

dispositions as (

    select * from {{ ref('stg_landed__dispositions') }}

),

united as (

    select
        usubjid,
        reason_class as reason,
        true as is_code_break,
        broken_on as unblinded_date
    from code_breaks
    union all
    select
        usubjid,
        'reported by site' as reason,
        false as is_code_break,
        adt as unblinded_date
    from dispositions
    where dsdecod = 'TREATMENT UNBLINDED'

),

-- The reason of a code break is known better than that of a report, which mostly tells of the same.
numbered as (

    select
        *,
        row_number() over (
            partition by usubjid order by is_code_break desc, unblinded_date asc nulls last, reason asc
        ) as candidate,
        min(unblinded_date) over (partition by usubjid) as first_date
    from united

),

final as (

    select
        usubjid,
        reason as treatment_unblinded_reason,
        first_date as treatment_unblinded_date
    from numbered
    where candidate = 1

)

select * from final
