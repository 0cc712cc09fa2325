with dispositions as (

    select * from {{ ref('stg_landed__dispositions') }}

),

-- Consent and randomisation are milestones, and a treatment that became known is told of (CDISC: other event); any
-- other disposition event ends the subject's participation.
endings as (

    select
        *,
        row_number() over (
            partition by usubjid
            order by adt desc nulls last, delivery_rank desc, srcseq desc, record desc
        ) as candidate
    from dispositions
    where
        dsdecod not in ('RANDOMIZED', 'INFORMED CONSENT OBTAINED', 'TREATMENT UNBLINDED')
        and coalesce(dscat, '') not in ('PROTOCOL MILESTONE', 'OTHER EVENT')

),

final as (

    select
        usubjid,
        case
            when dsdecod in ('SCREEN FAILURE', 'COMPLETED') then dsdecod
            else 'DISCONTINUED'
        end as eosstt,
        case when dsdecod not in ('SCREEN FAILURE', 'COMPLETED') then dsdecod end as dcsreas,
        adt as eosdt
    from endings
    where candidate = 1

)

select * from final
