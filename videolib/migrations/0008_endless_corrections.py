from django.db import migrations
from django.db.models import Q

# Longer than any recording, by far: four months in seconds. SQLite keeps infinity as Inf, which is more than any number.
NEVER = 1e7


def remove_endless(apps, schema_editor):
    """Before times were checked, a script could correct up to infinity, which silenced all that was said after it.

    `manage.py reindex` makes those words findable again.
    """
    endless = Q(end__gt=NEVER) | Q(start__lt=-NEVER)
    apps.get_model('videolib', 'CueEdit').objects.filter(endless).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('videolib', '0007_pin_is_a_column'),
    ]

    operations = [
        # Backwards there is nothing to do: the schema is the same.
        migrations.RunPython(remove_endless, migrations.RunPython.noop),
    ]
