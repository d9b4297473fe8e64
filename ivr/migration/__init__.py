"""An older system's menus, queues and hours -> a desk file to begin with. Pure."""
