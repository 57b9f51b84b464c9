# What the studies would train, cost and show. It makes no file, so it is told anew whenever it is asked for.


rule plan:
    localrule: True
    params:
        cores=workflow.cores,
    shell:
        "python -m ablatlas.plan --scale {SCALE} --published {PUBLISHED} --ladders {LADDERS} --cores {params.cores}"
