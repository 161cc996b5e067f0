"""Who is who: the organization, its shifts, and the people that a name in a playbook stands for."""
