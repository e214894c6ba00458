from django.db import migrations


def unpin_unlisted(apps, schema_editor):
    """Until now a clip kept its pin when it was made private or hidden."""
    pinned = apps.get_model('videolib', 'Clip').objects.filter(pinned_at__isnull=False)
    pinned.exclude(visibility='team', hidden_at=None).update(pinned_at=None)


class Migration(migrations.Migration):

    dependencies = [
        ('videolib', '0006_upload_of_its_clip'),
    ]

    operations = [
        migrations.DeleteModel(
            name='Pin',
        ),
        # Nothing leads back: who pinned what went with the table.
        migrations.RunPython(unpin_unlisted),
    ]
